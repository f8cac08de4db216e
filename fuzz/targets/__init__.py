"""One module for each kind of untrusted bytes; fuzz/corpus/NAME has inputs to begin with, fuzz/words/NAME.dict words.

start()      imports are done; returns what reads one input, and raises only our own errors (`fuzz.trial.Target`)
made()       yields inputs that every process has to make anew, where there are such
MEMORY       MiB by which one input may raise the peak of memory, where that is not `fuzz.trial.MEMORY_MIB`
LONGEST      bytes of one input, where that is not `fuzz.trial.LONGEST`
"""
