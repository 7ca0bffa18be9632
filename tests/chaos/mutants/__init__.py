"""The product with one rule of the job protocol broken at a time, to see that a test notices."""
