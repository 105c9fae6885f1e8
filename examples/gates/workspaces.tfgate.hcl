# One file for all workspaces: free in development, one approval in test, two in production; tagged as critical, always.

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

gate "development" {
  match {
    workspaces = ["default", "dev-*"]
  }
  auto_approve = true
}

gate "test" {
  match {
    workspaces = ["test"]
  }
  approvals {}
}

gate "production" {
  match {
    workspaces = ["prod", "prod-*"]
  }
  approvals {
    count = 2
  }
}

gate "critical" {
  description = "what is tagged as critical is looked at everywhere"
  match {
    tags = { criticality = "high" }
  }
  approvals {
    from = ["ana"]
  }
}
