"""The same casework as a Django developer would write it with viewflow."""
