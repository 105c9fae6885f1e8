# A small team: what can be taken back needs nobody, everything else a second pair of eyes.

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

gate "harmless" {
  description = "what can be taken back"
  match {
    risks = ["reversible"]
  }
  auto_approve = true
}

gate "second-pair-of-eyes" {
  description = "what interrupts somebody, or loses data"
  match {
    risks = ["disruptive", "lossy"]
  }
  approvals {}
}

break_glass {
  from = ["ana", "bob", "cho"]
}

# Without this, any one of them could agree to weaker gates alone.
amend {
  count = 2
}
