"""What `cadre bench --part app` measures, one file each; `run` calls them in turn and puts the figures together."""
