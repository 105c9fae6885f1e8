# Production: two people for what loses data, owners for databases, nights only for what interrupts, and never too much at once.

# Keys of examples: put the lines of `terrane key show` in their place.
person "ana" {
  keys     = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK8Go+MpFxTk81bBnJsVzRlR7G5mYqp3vgdUfyiTgzQd ana"]
  accounts = ["ana@*"]
}
person "bob" {
  keys     = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC3wQSXwAVr7R86FOu+HcglP+UmMFMsbnhKXPCkn2g+m bob"]
  accounts = ["bob@*"]
}
person "cho" {
  keys     = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKf236+POLibqM5km1lPkeTQH9xX+clJPfQ7XlCpmHNn cho"]
  accounts = ["cho@*"]
}

group "platform" {
  members = ["ana", "bob", "cho"]
}
group "dba" {
  members = ["bob", "cho"]
}
owners {
  types  = ["aws_db_*", "aws_rds_*", "google_sql_*", "random_password"]
  people = ["dba"]
}

# Plans are signed by who makes them, so that nobody approves their own under another account.
signed_plans = true

gate "production" {
  description = "one of the platform team"
  approvals {
    from    = ["platform"]
    max_age = "1d"
  }
}

gate "data" {
  description = "two owners for what holds data"
  match {
    risks = ["lossy"]
  }
  approvals {
    count  = 2
    owners = true
  }
}

gate "nights" {
  description = "what interrupts somebody is done at night"
  match {
    risks = ["disruptive", "lossy"]
  }
  window {
    cron     = "0 22 * * 1-4"
    duration = "7h"
    timezone = "Europe/Berlin"
  }
}

gate "not-too-much" {
  description = "more than five deletions are a mistake"
  limit {
    deletes = 5
  }
}

break_glass {
  from  = ["platform"]
  count = 1
}

# Two of the team must agree to other gates than these.
amend {
  from  = ["platform"]
  count = 2
}
