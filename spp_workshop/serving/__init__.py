"""Pages for a room: the gate, the participants' exercises, and what they ask of the server."""
