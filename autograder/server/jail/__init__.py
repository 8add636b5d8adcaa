"""The jail: where a submission's code runs, and what it may use there.

box         outside: a jail is started, given jobs, and what comes back is read as what it is, a stranger's bytes
probe       outside: a jail is tried before it is trusted
protocol    what both sides know: places, limits' names, the words on the pipe
supervisor  inside: the warm parent that forks a set of namespaces for each job, and the process that keeps the time
kernel      inside: the system calls for that, which Python has no name for
worker      inside: the student's cells and the cases of the exercises
"""
