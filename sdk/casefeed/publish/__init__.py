"""How recorded facts leave an agency: the publisher and the replay of archives. It never reads the other side's topic."""
