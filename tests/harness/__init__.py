"""What the command and reader tests share: the program, archives, a web server, readers."""
