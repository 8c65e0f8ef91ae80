"""The camera: takes a flat object, photographs it as planned and labels the photo."""
