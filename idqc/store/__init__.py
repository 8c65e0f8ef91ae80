"""The store: tables, migrations, blobs and their encryption, the audit chain, one file of queries an aggregate."""
