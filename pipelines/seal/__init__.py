"""Keys and sealing: envelope, keyring pages, blind indexes, key-management providers. Not for storing anything."""
