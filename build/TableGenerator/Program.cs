using System.Security.Cryptography;

namespace FederationNode.TableGenerator;

/// <summary>Writes src/Protocol/Text/Generated. Run it from the root of the repository, or name the root.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        var root = args.Length > 0 ? args[0] : Directory.GetCurrentDirectory();
        if (args.Length > 1 || !File.Exists(Path.Combine(root, "FederationNode.sln")))
        {
            Console.Error.WriteLine("usage: TableGenerator [root of the repository]");
            return 2;
        }

        var tables = TextTableBuilder.Build(Path.Combine(root, "data"));
        var target = Path.Combine(root, "src", "Protocol", "Text", "Generated");
        Directory.CreateDirectory(target);
        File.WriteAllBytes(Path.Combine(target, "TextTables.bin"), tables);
        File.WriteAllText(Path.Combine(target, "TextTablesHash.cs"), TextTableBuilder.HashSource(tables));
        Console.WriteLine($"{tables.Length} bytes, SHA-256 {Convert.ToHexStringLower(SHA256.HashData(tables))}");
        return 0;
    }
}
