namespace FederationNode.Simulation;

/// <summary>Puts the work and the faults of a scenario into a world's time.</summary>
public static partial class Schedule
{
    public static void Lay(World world)
    {
        var (dice, faults) = (world.Dice.Fork(), world.Scenario.Faults);
        LayLinks(world, dice, faults);
        LayWork(world, dice);
        if (faults.HasFlag(Faults.Cuts))
        {
            LayCuts(world, dice);
        }

        if (faults.HasFlag(Faults.Partitions))
        {
            LayPartitions(world, dice);
        }

        LayNodes(world, dice, faults);
        world.Time.After(Scenario.FaultsUntil, () => Heal(world));
    }

    private static void LayLinks(World world, Dice dice, Faults faults)
    {
        foreach (var link in world.Network.Links)
        {
            link.Latency = faults.HasFlag(Faults.Delay) ? dice.Between(5, 200) : dice.Between(1, 20);
            link.Jitter = faults.HasFlag(Faults.Delay) ? dice.Between(0, 300) : 5;
            link.Loss = faults.HasFlag(Faults.Loss) && dice.Chance(0.3) ? dice.Between(1, 40) / 100.0 : 0;
            link.Twice = faults.HasFlag(Faults.Duplicates) && dice.Chance(0.3) ? 0.1 : 0;
            link.Rate = faults.HasFlag(Faults.SlowLinks) && dice.Chance(0.2) ? 20 : 10_000;
        }

        if (faults.HasFlag(Faults.Borders))
        {
            LayBorders(world, dice, faults);
        }
    }

    private static void LayBorders(World world, Dice dice, Faults faults)
    {
        // Over the narrowest a gateway needs longer than the others wait for it, and then all of them cross.
        var (least, most) = faults is Faults.Borders ? (400, 1_000) : (30, 400);
        var borders = new SortedDictionary<string, SimBorder>(StringComparer.Ordinal);
        foreach (var (from, to) in world.Actors.SelectMany(a => world.Actors.Select(b => (a, b))))
        {
            var name = $"{world.RegionOf(from)}>{world.RegionOf(to)}";
            if (world.RegionOf(from) == world.RegionOf(to))
            {
                continue;
            }

            if (!borders.TryGetValue(name, out var border))
            {
                borders[name] = border = new SimBorder { Rate = dice.Between(least, most) };
                world.Note($"border {name} carries {border.Rate} bytes a millisecond");
            }

            var link = world.Network.Link(from.Number, to.Number);
            (link.Latency, link.Border) = (link.Latency + 100, border);
        }
    }

    private static void LayWork(World world, Dice dice)
    {
        for (var i = 0; i < world.Scenario.Batches; i++)
        {
            var actor = dice.Pick(world.Actors);
            var entries = (int)dice.Between(1, dice.Chance(0.1) ? world.Scenario.MostEntries : 3);
            var urgent = entries <= 3 && dice.Chance(0.5);
            world.Time.After(dice.Between(3_000, Scenario.FaultsUntil), () => actor.Publish(entries, urgent));
        }

        // So that outlines are worth something.
        foreach (var actor in world.Actors.Where(_ => world.Scenario.Outlines))
        {
            world.Time.After(dice.Between(4_000, 16_000), () => actor.Publish(150, false));
        }

        // A takedown just behind a large import.
        for (var i = 0; i < 3; i++)
        {
            var actor = dice.Pick(world.Actors);
            var at = dice.Between(16_000, Scenario.FaultsUntil - 2_000);
            world.Time.After(at, () => actor.Publish(world.Scenario.MostEntries * (world.Scenario.Names.Count > 30 ? 10 : 4), false));
            world.Time.After(at + dice.Between(1, 200), () => actor.Publish(1, true));
        }
    }

    private static void LayCuts(World world, Dice dice)
    {
        for (var i = 0; i < world.Actors.Count; i++)
        {
            var (a, b) = (dice.Below(world.Actors.Count), dice.Below(world.Actors.Count));
            var (from, length) = (dice.Between(0, Scenario.FaultsUntil), dice.Between(500, 30_000));
            var both = dice.Chance(0.5);
            world.Time.After(from, () => Cut(world, a, b, both, true));
            world.Time.After(Math.Min(from + length, Scenario.FaultsUntil), () => Cut(world, a, b, both, false));
        }
    }

    private static void Cut(World world, int a, int b, bool both, bool cut)
    {
        world.Note($"{world.Actors[a].Name} {(both ? "and" : "to")} {world.Actors[b].Name} {(cut ? "cut" : "joined again")}");
        world.Network.Link(a, b).Cut = cut;
        if (both)
        {
            world.Network.Link(b, a).Cut = cut;
        }
    }

    private static void LayPartitions(World world, Dice dice)
    {
        for (var i = 0; i < 3; i++)
        {
            var side = world.Actors.Select(_ => dice.Chance(0.5)).ToList();
            var (from, length) = (dice.Between(0, Scenario.FaultsUntil), dice.Between(2_000, 20_000));
            world.Time.After(from, () => Split(world, side, true));
            world.Time.After(Math.Min(from + length, Scenario.FaultsUntil), () => Split(world, side, false));
        }
    }

    private static void Split(World world, List<bool> side, bool cut)
    {
        world.Note(cut ? "partition" : "partition heals");
        for (var a = 0; a < side.Count; a++)
        {
            for (var b = 0; b < side.Count; b++)
            {
                if (side[a] != side[b])
                {
                    world.Network.Link(a, b).Cut = cut;
                }
            }
        }
    }

    private static void LayNodes(World world, Dice dice, Faults faults)
    {
        foreach (var node in world.Nodes)
        {
            if (faults.HasFlag(Faults.Clocks))
            {
                LayClock(world, node, dice);
            }

            node.DiskLatency = faults.HasFlag(Faults.SlowDisks) ? dice.Between(1, 400) : 3;
            var start = dice.Between(0, 2_000);
            world.Time.After(world.Scenario.Late.GetValueOrDefault(node.Number, start), node.Start);
            if (faults.HasFlag(Faults.Crashes))
            {
                for (var i = dice.Below(4); i > 0; i--)
                {
                    var down = dice.Between(200, 10_000);
                    world.Time.After(dice.Between(2_500, Scenario.FaultsUntil - 11_000), () => Restart(world, node, down, null));
                }
            }

            if (faults.HasFlag(Faults.OldBackups) && dice.Chance(0.3))
            {
                world.Time.After(dice.Between(10_000, Scenario.FaultsUntil - 11_000), () => RestoreBackup(world, node, dice));
            }

            if (faults.HasFlag(Faults.FullDisks) && dice.Chance(0.4))
            {
                var (from, length) = (dice.Between(0, Scenario.FaultsUntil), dice.Between(500, 20_000));
                world.Time.After(from, () => node.SetDiskFull(true));
                world.Time.After(Math.Min(from + length, Scenario.FaultsUntil), () => node.SetDiskFull(false));
            }
        }

        if (faults.HasFlag(Faults.BitFlips))
        {
            LayFlips(world, dice);
        }

        foreach (var hostile in world.Actors.Where(a => !a.IsHonest))
        {
            world.Time.After(0, hostile.Start);
        }
    }

    private static void Restart(World world, SimNode node, long down, Action? whileDown)
    {
        if (!node.IsUp)
        {
            return;
        }

        node.Crash();
        world.Time.After(down, () =>
        {
            if (!node.IsUp)
            {
                whileDown?.Invoke();
                node.Start();
            }
        });
    }

    /// <summary>
    /// Every log is set back to where it was some entries ago. Only while every other honest node holds what the node
    /// signed: what nobody has seen but a lost disk is lost.
    /// </summary>
    private static void RestoreBackup(World world, SimNode node, Dice dice)
    {
        if (!node.IsUp || !world.Nodes.All(n => n.Log(node.Origin).HeadSize == node.Log(node.Origin).Held))
        {
            return;
        }

        Restart(world, node, 1_000, () =>
        {
            world.Note($"{node.Name} restores an old backup");
            foreach (var log in node.Logs.Values.Where(l => l.Fork is null && l.Held > 0))
            {
                node.RestoreBackup(log, dice.Between(0, log.Held));
            }
        });
    }

    private static void Heal(World world)
    {
        world.Note("faults stop");
        foreach (var link in world.Network.Links)
        {
            (link.Cut, link.Loss, link.Twice, link.Rate, link.BusyUntil, link.Border) = (false, 0, 0, 10_000, 0, null);
        }

        foreach (var node in world.Nodes.Where(n => !n.IsUp))
        {
            node.Start();
        }
    }
}
