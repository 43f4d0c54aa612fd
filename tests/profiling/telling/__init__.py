"""An app that tells, when a process of the engine has loaded its apps, which limits its connections have."""
