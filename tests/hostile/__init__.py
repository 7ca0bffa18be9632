"""Mail that means harm, and where it is seen that it does none."""
