"""Pictures, tables and graphs of what came out: text and figures for people and other programs."""
