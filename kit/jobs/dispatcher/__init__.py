"""The process that keeps the waiting room true to MongoDB: one leads, the others stand by."""
