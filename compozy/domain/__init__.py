"""What Compozy is about: frozen values, states and errors; no technology."""
