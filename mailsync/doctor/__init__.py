"""Look at an installation as a whole: what works, what does not, what to mend."""
