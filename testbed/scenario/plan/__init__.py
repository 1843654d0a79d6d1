"""An experiment to the plan that the lab carries out."""
