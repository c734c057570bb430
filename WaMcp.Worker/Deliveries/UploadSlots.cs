using WaMcp.Domain.Channels;
using WaMcp.Domain.Media;

namespace WaMcp.Worker.Deliveries;

/// <summary>What this worker uploads at this moment: a few files, of each number even fewer, and none twice. What finds no place waits in the queue.</summary>
internal sealed class UploadSlots
{
    private const int Most = 16;
    private const int MostOfOne = 4;

    private readonly HashSet<(ChannelId Channel, MediaObjectId File)> taken = [];

    /// <summary>Takes the places for all files of one message or for none.</summary>
    public bool TryTake(Unready unready)
    {
        lock (taken)
        {
            var (channel, files) = (unready.Channel.Id, unready.Missing);
            // A message with more files than there are places must have its turn as well: when nothing else is under way.
            var isFull = taken.Count + files.Count > Most || taken.Count(each => each.Channel == channel) + files.Count > MostOfOne;
            if ((isFull && taken.Count > 0) || files.Any(file => taken.Contains((channel, file))))
            {
                return false;
            }

            taken.UnionWith(files.Select(file => (channel, file)));
            return true;
        }
    }

    /// <summary>Gives them back.</summary>
    public void Free(Unready unready)
    {
        lock (taken)
        {
            taken.ExceptWith(unready.Missing.Select(file => (unready.Channel.Id, file)));
        }
    }
}
