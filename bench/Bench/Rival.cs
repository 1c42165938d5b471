using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace FederationNode.Bench;

/// <summary>A program beside ours, asked with lines on its standard input, answering each with a line of numbers.</summary>
internal sealed class Rival : IDisposable
{
    private readonly Process _process;

    private Rival(Process process, string version) => (_process, Version) = (process, version);

    /// <summary>What the program calls itself.</summary>
    public string Version { get; }

    /// <summary>Starts a script of bench/rivals; where it cannot run, prints what to install.</summary>
    public static Rival? Start(string name, string script, params string[] arguments)
    {
        var start = new ProcessStartInfo(
            "/usr/bin/python3", [Path.Combine(AppContext.BaseDirectory, "rivals", script), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        try
        {
            var process = Process.Start(start)!;
            var line = process.StandardOutput.ReadLine() ?? "missing the script failed, see above";
            if (line.Split(' ', 2) is ["ready", var version])
            {
                return new Rival(process, version);
            }

            process.Dispose();
            Console.WriteLine($"{name}: not installed: {line.Split(' ', 2)[^1]}");
        }
        catch (Win32Exception)
        {
            Console.WriteLine($"{name}: not installed: apt-get install -y python3 python3-faiss");
        }

        return null;
    }

    /// <summary>Asks and waits for the numbers, or null, with a line that says so, if the program has ended.</summary>
    public double[]? Ask(string what)
    {
        try
        {
            _process.StandardInput.WriteLine(what);
            _process.StandardInput.Flush();
        }
        catch (IOException)
        {
            // It has ended: the empty answer below says so.
        }

        if (_process.StandardOutput.ReadLine() is not { } line)
        {
            Console.WriteLine($"{Version}: ended at `{what}`; perhaps there is not enough memory.");
            return null;
        }

        return [.. line.Split(' ').Select(number => double.Parse(number, CultureInfo.InvariantCulture))];
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }
}
