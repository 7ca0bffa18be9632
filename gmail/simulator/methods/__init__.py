"""The methods of users.* by resource."""
