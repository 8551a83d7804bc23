"""Team board: members, boards, cards and a chat; the application that grows with every battery."""
