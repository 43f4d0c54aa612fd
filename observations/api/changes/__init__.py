"""What has become of results since a client looked last: a feed in which nothing that commits late is passed over."""
