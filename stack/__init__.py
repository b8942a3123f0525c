"""One file for each area of the program: from the settings to a component's arguments, and to the component."""
