"""The processes behind the server: workers that run jobs, an inspector that reads input."""
