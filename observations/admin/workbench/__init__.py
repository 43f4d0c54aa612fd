"""Where script authors work: the editor, the check while they type, and the rows of what a version declares."""
