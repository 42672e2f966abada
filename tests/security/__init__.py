"""Bad input and abuse: nobody gets in, nothing breaks, the next one is served."""
