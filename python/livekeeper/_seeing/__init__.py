"""What people look at: tables, explanations, reports, plots. Nothing here is imported before it is first asked for."""
