# What can't be told before apply may be expected to fail.
run "expected" {
  command         = plan
  expect_failures = [check.later]
}

# What follows from a broken rule is no news: the check is not looked at.
run "broken" {
  command = plan

  variables {
    size = 20
  }
  expect_failures = [var.size]
}

# Both are told: the check that can't be told, and the failure that did not come.
run "missing" {
  command         = plan
  expect_failures = [terraform_data.a]
}
