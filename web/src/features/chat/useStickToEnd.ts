import { useCallback, useEffect, useRef, useState, type RefObject } from 'react';

/** Nearer to the end than this, the reader is taken to be following. */
const NEAR_PX = 96;

interface Sticking {
  scroller: RefObject<HTMLDivElement | null>;
  content: RefObject<HTMLDivElement | null>;
  /** True while the reader follows the end. */
  atEnd: boolean;
  toEnd: (behavior?: ScrollBehavior) => void;
}

/**
 * Keeps the end in sight while content comes in (`live`) and the reader is there. Never moves a reader who went up or
 * unfolded something.
 */
export function useStickToEnd(live: boolean): Sticking {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  const growing = useRef(live);
  const [atEnd, setAtEnd] = useState(true);
  useEffect(() => {
    growing.current = live;
  }, [live]);

  const toEnd = useCallback((behavior: ScrollBehavior = 'instant') => {
    following.current = true;
    setAtEnd(true);
    scroller.current?.scrollTo({ top: scroller.current.scrollHeight, behavior });
  }, []);

  useEffect(() => {
    const box = scroller.current;
    const inner = content.current;
    if (box === null || inner === null) return;
    let top = box.scrollTop;
    const onScroll = () => {
      const near = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_PX;
      // Only going up lets go: content that grows moves the end away from a reader who did nothing.
      if (near) following.current = true;
      else if (box.scrollTop < top) following.current = false;
      top = box.scrollTop;
      setAtEnd(near || following.current);
    };
    const onClick = (event: MouseEvent) => {
      const target = event.target instanceof Element ? event.target.closest('[aria-expanded]') : null;
      if (target !== null) following.current = false;
    };
    const grown = new ResizeObserver(() => {
      if (following.current && growing.current) box.scrollTo({ top: box.scrollHeight, behavior: 'instant' });
    });
    box.addEventListener('scroll', onScroll, { passive: true });
    inner.addEventListener('click', onClick);
    grown.observe(inner);
    grown.observe(box);
    return () => {
      box.removeEventListener('scroll', onScroll);
      inner.removeEventListener('click', onClick);
      grown.disconnect();
    };
  }, []);

  return { scroller, content, atEnd, toEnd };
}
