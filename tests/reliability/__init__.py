"""What the reliability programme measures; each module runs its part and gives its rows."""
