using System.Buffers.Binary;
using System.Diagnostics;

namespace FederationNode.Bench;

/// <summary>Asks the FAISS process for image hashes, one request after the other.</summary>
internal sealed class FaissAsking : IDisposable
{
    private readonly Process _process;
    private readonly SemaphoreSlim _turn = new(1);

    private FaissAsking(Process process) => _process = process;

    /// <summary>Starts it with a file of hashes, null where it is missing.</summary>
    public static FaissAsking? Start(string hashes)
    {
        var process = Process.Start(new ProcessStartInfo(
            "/usr/bin/python3", [Path.Combine(AppContext.BaseDirectory, "rivals", "faiss_answers.py"), hashes])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        var line = new List<byte>();
        while (process.StandardOutput.BaseStream.ReadByte() is var read and >= 0 and not '\n')
        {
            line.Add((byte)read);
        }

        return line is [(byte)'r', ..] ? new FaissAsking(process) : null;
    }

    /// <summary>Asks for hashes of 32 bytes each; an answer is a byte a hash, 1 if it is listed.</summary>
    public async Task AnswerAsync(ReadOnlyMemory<byte> hashes, Memory<byte> answers)
    {
        var head = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(head, answers.Length);
        await _turn.WaitAsync();
        try
        {
            var (asked, answered) = (_process.StandardInput.BaseStream, _process.StandardOutput.BaseStream);
            await asked.WriteAsync(head);
            await asked.WriteAsync(hashes);
            await asked.FlushAsync();
            await answered.ReadExactlyAsync(answers);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
        _turn.Dispose();
    }
}
