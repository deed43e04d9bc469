"""The proving ground: subjects whose alpha, foreground and background are exact, because they are rendered."""
