"""The list of chats: by day, by folder, or what a search found."""
