"""Files to checked values: trees that know their lines, units, places."""
