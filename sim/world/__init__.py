"""The world layer: factions, places and routes, and the processes that make them move."""
