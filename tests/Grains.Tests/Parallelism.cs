using Xunit;

// Most tests here wait for a silo to start or for a disk: four at a time keep two cores busy.
[assembly: CollectionBehavior(MaxParallelThreads = 4)]
