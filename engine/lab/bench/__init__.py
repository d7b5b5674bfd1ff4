"""What `cadre bench` measures, one file each; `report` puts the figures together, `run` calls them in turn."""
