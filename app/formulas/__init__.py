"""TeX formulas as drawings, without a web engine. Knows no Qt."""
