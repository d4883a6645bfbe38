"""How the other side's facts arrive: the reader, its positions and the handlers. It never publishes."""
