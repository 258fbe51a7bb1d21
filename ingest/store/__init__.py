"""What is kept: feature files, the warehouse and its schema, atomic files, the data folder."""
