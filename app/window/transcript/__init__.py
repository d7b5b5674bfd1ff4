"""A chat as it is read: messages one under the other."""
