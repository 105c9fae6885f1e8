# A freeze: nothing but what one person signs for in an emergency. Put it beside the other files, and have it agreed to with `terrane gates accept`.

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

gate "freeze" {
  deny = "nothing is changed before the second of January"
}

break_glass {
  from = ["ana"]
}
