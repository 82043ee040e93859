"""Update a repository to a newer template: plan, merge, write in one transaction, report."""
