"""Why a result is what it is: the page that shows its inputs, where they came from, and each step of the script."""
